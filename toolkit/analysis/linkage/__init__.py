"""Record linkage: which records are about one person, how many people there are, and how sure that is."""
