"""An SFTP server on a folder of this machine, of paramiko's own server parts."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import Any

import paramiko


class _Login(paramiko.ServerInterface):
    def __init__(self, user: str, password: str, keys: list[paramiko.PKey]) -> None:
        self._user, self._password, self._keys = user, password, keys

    def check_auth_password(self, username: str, password: str) -> int:
        is_known = (username, password) == (self._user, self._password)
        return paramiko.AUTH_SUCCESSFUL if is_known else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        is_known = username == self._user and key in self._keys
        return paramiko.AUTH_SUCCESSFUL if is_known else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"


class _Handle(paramiko.SFTPHandle):
    def __init__(self, file: Any) -> None:
        super().__init__()
        self.readfile = self.writefile = file

    def stat(self) -> Any:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server: paramiko.ServerInterface, folder: Path) -> None:
        super().__init__(server)
        self._folder = folder

    def _path(self, path: str) -> Path:
        return self._folder / self.canonicalize(path).lstrip("/")

    def list_folder(self, path: str) -> Any:
        try:
            return [
                paramiko.SFTPAttributes.from_stat(item.lstat(), item.name)
                for item in self._path(path).iterdir()
            ]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def stat(self, path: str) -> Any:
        return self._told(path, follow=True)

    def lstat(self, path: str) -> Any:
        return self._told(path, follow=False)

    def _told(self, path: str, *, follow: bool) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(self._path(path).stat(follow_symlinks=follow))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def open(self, path: str, flags: int, attr: Any) -> Any:
        try:
            descriptor = os.open(self._path(path), flags, 0o644)
            mode = "r+b" if flags & (os.O_WRONLY | os.O_RDWR) else "rb"
            if flags & os.O_WRONLY:
                mode = "wb"
            return _Handle(os.fdopen(descriptor, mode))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def remove(self, path: str) -> int:
        return self._done(lambda: self._path(path).unlink())

    def mkdir(self, path: str, attr: Any) -> int:
        return self._done(lambda: self._path(path).mkdir())

    def rename(self, oldpath: str, newpath: str) -> int:
        if self._path(newpath).exists():
            return int(paramiko.SFTP_FAILURE)
        return self._done(lambda: self._path(oldpath).rename(self._path(newpath)))

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        return self._done(lambda: self._path(oldpath).replace(self._path(newpath)))

    def _done(self, act: Any) -> int:
        try:
            act()
        except OSError as error:
            return int(paramiko.SFTPServer.convert_errno(error.errno or 0))
        return int(paramiko.SFTP_OK)


class SftpServer:
    """Serves a folder on a free port to one user."""

    def __init__(self, folder: Path, user: str, password: str) -> None:
        self._folder = folder
        self.keys: list[paramiko.PKey] = []
        self._login = _Login(user, password, self.keys)
        self._host_key = paramiko.ECDSAKey.generate()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._transports: list[paramiko.Transport] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            transport = paramiko.Transport(connection)
            transport.add_server_key(self._host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, self._folder)
            self._transports.append(transport)
            threading.Thread(target=self._start, args=(transport,), daemon=True).start()

    def _start(self, transport: paramiko.Transport) -> None:
        try:
            transport.start_server(server=self._login)
        except (paramiko.SSHException, EOFError, OSError):
            transport.close()

    def stop(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for transport in self._transports:
            transport.close()
