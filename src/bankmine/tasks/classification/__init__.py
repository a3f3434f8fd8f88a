"""Classification: the classes a bank defines in SQL, foreseen for customers and for strangers."""
