"""What customers and the bank say and do to each other besides payments: app and web, talk, campaigns.

`service_of` in `serving.py` makes all of it for one community; `digital.py` holds the layout of app and web
events that the application forms and the account take-overs share.
"""

from bankmine.simulation.service.serving import Service, service_of

__all__ = ["Service", "service_of"]
