"""The department side: decide who answers, issue the order, handle it, hand it back."""
