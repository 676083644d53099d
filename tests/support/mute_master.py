"""A master of load workers that takes them in at a port, and says nothing more."""

import sys

from locust.rpc import Message, zmqrpc

if __name__ == "__main__":
    server = zmqrpc.Server("127.0.0.1", int(sys.argv[1]))
    while True:
        worker, _ = server.recv_from_client()
        server.send_to_client(Message("ack", {"index": 0}, worker))
