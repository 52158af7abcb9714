"""What is special to accountability beyond its data files (问责专有): the matrix of authority."""
