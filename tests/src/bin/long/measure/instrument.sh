#!/bin/sh
# Cargo calls this instead of rustc for the crates of the workspace.
exec "$@" -C instrument-coverage
