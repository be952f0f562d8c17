"""The parts of the test runner: one module for each kind of test."""
