"""The reports of a run: console, JUnit, JSON lines, HTML, SARIF and a badge."""
