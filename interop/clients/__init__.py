"""Clients that show what is on the wire: HTTP/1.1 by hand, HTTP/2 by hyper-h2, HTTP/3 by aioquic."""
