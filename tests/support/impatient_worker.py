"""``verikit`` whose load workers wait for a master for two seconds, not for minutes."""

from locust import runners

from verikit.cli import main

if __name__ == "__main__":
    runners.CONNECT_RETRY_COUNT, runners.CONNECT_TIMEOUT = 1, 1
    runners.MASTER_HEARTBEAT_TIMEOUT = 2
    main()
