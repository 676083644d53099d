"""The processes of the server: gunicorn, its workers, their memory."""
