"""Callers: what applications do at the near end of a link, with a record of every call, stream and byte."""
