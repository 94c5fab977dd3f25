"""Sales Connect and Salesforce on this machine, over real HTTP."""
