"""What protects the pages, one small file a measure: policy, origin, cookies, limits, addresses."""
