//! The session file ("tape"): bytes to records and back, over slices and `Write`.
