"""The documentation: pages, examples, notebooks, the site."""
