"""A believable sales team: the same random seed gives the same people and texts, with dates around the present."""
