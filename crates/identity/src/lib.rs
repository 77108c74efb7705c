//! DIDs, handles and PLC operations.
