//! A PLC directory, a small PDS, a mailbox and a demo app for one machine.
