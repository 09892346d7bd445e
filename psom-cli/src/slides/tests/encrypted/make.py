"""Writes the encrypted PDFs of the tests, which open without a password.

    python3 make.py        (needs the package `cryptography`)

Each has two pages. The first draws an image of four columns whose palette, a string, is one byte too
short. The second has an empty crop box and is red. In a fourth file, every page needs a password.
"""
import hashlib
import struct
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAD = bytes.fromhex('28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a')
ID = bytes(range(16))
PERMISSIONS = -4
PALETTE = bytes.fromhex('ffffff285adce63c281020')


def md5(data):
    return hashlib.md5(data).digest()


def rc4(key, data):
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def aes(key, iv, data):
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def padded(data):
    count = 16 - len(data) % 16
    return data + bytes([count]) * count


def xor(data, with_byte):
    return bytes(byte ^ with_byte for byte in data)


def hash_r6(password, salt):
    """Algorithm 2.B of ISO 32000-2."""
    key = hashlib.sha256(password + salt).digest()
    number = 0
    while True:
        block = aes(key[:16], key[16:32], (password + key) * 64)
        kind = sum(block[:16]) % 3
        key = [hashlib.sha256, hashlib.sha384, hashlib.sha512][kind](block).digest()
        number += 1
        if number >= 64 and block[-1] <= number - 32:
            return key[:32]


class Rc4:
    """Version 1, 40 bits."""

    def __init__(self, password=b''):
        user = (password + PAD)[:32]
        owner = rc4(md5(user)[:5], user)
        self.key = md5(user + owner + struct.pack('<i', PERMISSIONS) + ID)[:5]
        self.entry = f'/Filter /Standard /V 1 /R 2 /O <{owner.hex()}> /U <{rc4(self.key, PAD).hex()}>'

    def encrypt(self, number, data):
        return rc4(md5(self.key + struct.pack('<I', number)[:3] + b'\0\0')[:10], data)


class Aes128:
    """Version 4 with the crypt filter AESV2."""

    def __init__(self):
        key = PAD
        for _ in range(51):
            key = md5(key)
        owner = PAD
        for number in range(20):
            owner = rc4(xor(key, number), owner)
        self.key = md5(PAD + owner + struct.pack('<i', PERMISSIONS) + ID)
        for _ in range(50):
            self.key = md5(self.key)
        user = md5(PAD + ID)
        for number in range(20):
            user = rc4(xor(self.key, number), user)
        self.entry = (f'/Filter /Standard /V 4 /R 4 /Length 128 /O <{owner.hex()}> /U <{user.hex()}{bytes(16).hex()}>'
                      ' /CF << /StdCF << /CFM /AESV2 /Length 16 /AuthEvent /DocOpen >> >> /StmF /StdCF /StrF /StdCF')

    def encrypt(self, number, data):
        iv = md5(data)
        key = md5(self.key + struct.pack('<I', number)[:3] + b'\0\0' + b'sAlT')
        return iv + aes(key, iv, padded(data))


class Aes256:
    """Version 5 with the crypt filter AESV3."""

    def __init__(self):
        self.key = hashlib.sha256(b'a file key').digest()
        none = bytes(16)
        salts = [bytes([value]) * 8 for value in range(1, 5)]
        user = hash_r6(b'', salts[0]) + salts[0] + salts[1]
        user_key = aes(hash_r6(b'', salts[1]), none, self.key)
        owner = hashlib.sha256(b'owner').digest() + salts[2] + salts[3]
        owner_key = hashlib.sha256(b'owner key').digest()
        allowed = struct.pack('<i', PERMISSIONS) + b'\xff' * 4 + b'Tadb' + b'psom'
        encryptor = Cipher(algorithms.AES(self.key), modes.ECB()).encryptor()
        allowed = encryptor.update(allowed)
        self.entry = (f'/Filter /Standard /V 5 /R 6 /Length 256 /O <{owner.hex()}> /U <{user.hex()}>'
                      f' /OE <{owner_key.hex()}> /UE <{user_key.hex()}> /Perms <{allowed.hex()}>'
                      ' /CF << /StdCF << /CFM /AESV3 /Length 32 /AuthEvent /DocOpen >> >> /StmF /StdCF /StrF /StdCF')

    def encrypt(self, _, data):
        iv = md5(data)
        return iv + aes(self.key, iv, padded(data))


def pdf(encryption):
    def stream(number, entries, data):
        data = encryption.encrypt(number, data)
        return f'<< {entries} /Length {len(data)} >>\nstream\n'.encode() + data + b'\nendstream'

    palette = encryption.encrypt(7, PALETTE).hex()
    objects = [
        b'<< /Type /Catalog /Pages 2 0 R >>',
        b'<< /Type /Pages /Count 2 /Kids [3 0 R 4 0 R] /MediaBox [0 0 960 540] >>',
        b'<< /Type /Page /Parent 2 0 R /Contents 5 0 R /Resources << /XObject << /I 7 0 R >> >> >>',
        b'<< /Type /Page /Parent 2 0 R /Contents 6 0 R /CropBox [0 0 0 0] /Resources << >> >>',
        stream(5, '', b'960 0 0 540 0 0 cm /I Do'),
        stream(6, '', b'1 0 0 rg 0 0 960 540 re f'),
        stream(7, '/Type /XObject /Subtype /Image /Width 4 /Height 1 /BitsPerComponent 8'
                  f' /ColorSpace [/Indexed /DeviceRGB 3 <{palette}>]', bytes(range(4))),
        f'<< {encryption.entry} /P {PERMISSIONS} >>'.encode(),
    ]
    file, index = b'%PDF-1.7\n', f'xref\n0 {len(objects) + 1}\n0000000000 65535 f \n'
    for number, text in enumerate(objects, 1):
        index += f'{len(file):010} 00000 n \n'
        file += f'{number} 0 obj\n'.encode() + text + b'\nendobj\n'
    trailer = f'/Size {len(objects) + 1} /Root 1 0 R /Encrypt 8 0 R /ID [<{ID.hex()}> <{ID.hex()}>]'
    return file + f'{index}trailer\n<< {trailer} >>\nstartxref\n{len(file)}\n%%EOF\n'.encode()


FILES = {'rc4': Rc4(), 'aes128': Aes128(), 'aes256': Aes256(), 'password': Rc4(b'secret')}
for name, encryption in FILES.items():
    Path(__file__).with_name(f'{name}.pdf').write_bytes(pdf(encryption))
