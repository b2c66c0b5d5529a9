"""What each page shows: one module a page, each a function that fills a `Page`."""
