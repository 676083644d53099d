"""``verikit`` whose load workers wait for a master for two seconds, not five minutes."""

from locust import runners

from verikit.cli import main

if __name__ == "__main__":
    runners.CONNECT_RETRY_COUNT, runners.CONNECT_TIMEOUT = 1, 1
    main()
