"""A master of load workers that takes them in at a port, and sends them away in the same breath."""

import sys

from locust.rpc import Message, zmqrpc

if __name__ == "__main__":
    server = zmqrpc.Server("127.0.0.1", int(sys.argv[1]))
    while True:
        worker, message = server.recv_from_client()
        if message.type == "client_ready":
            server.send_to_client(Message("ack", {"index": 0}, worker))
            server.send_to_client(Message("quit", None, worker))
