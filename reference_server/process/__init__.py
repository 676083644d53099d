"""The processes of the server: gunicorn, its workers, and their memory."""
