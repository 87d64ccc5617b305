"""What run_scenarios.py is made of; see e2e/README.md. Python's standard library only."""
