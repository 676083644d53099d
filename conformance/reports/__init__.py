"""What a run leaves behind: console, JUnit, JSON lines, HTML, SARIF and a badge."""
