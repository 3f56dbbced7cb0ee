"""The fast part of the interop matrix, and the evidence that it is judged by."""
