import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A certificate and its key, in PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/**
 * An authority, and what it signed: a broker that is `localhost` and 127.0.0.1, and a client. Made once by `openssl ca`
 * with curve P-256, valid from 2020 to 2120. For tests alone: the keys are known to everybody.
 */
export const certificates: {
  readonly authority: string;
  readonly server: Identity;
  readonly client: Identity;
} = {
  authority: `-----BEGIN CERTIFICATE-----
MIIBcTCCARigAwIBAgIBATAKBggqhkjOPQQDAjAhMR8wHQYDVQQDDBZMZXZlcmV0
IHRlc3QgYXV0aG9yaXR5MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAw
WjAhMR8wHQYDVQQDDBZMZXZlcmV0IHRlc3QgYXV0aG9yaXR5MFkwEwYHKoZIzj0C
AQYIKoZIzj0DAQcDQgAERTj3CfHaa+TqXtNDVPlXgFrGxwl/hBs8pqQWKs21Vux+
kuGfxLkHiM7Fg2hpp6v6WSOKjpqj/Qwsx7aT2XFy1qM/MD0wDwYDVR0TAQH/BAUw
AwEB/zAdBgNVHQ4EFgQUfiT8ipgPHTyLINR/j4FMaEEnf7gwCwYDVR0PBAQDAgIE
MAoGCCqGSM49BAMCA0cAMEQCIDL/vusUm1jigxTlYsMx+pp2TuSq7MzmuMeEU6j/
YYtLAiAnWSpkFFAe4uH1qRgLj1MR4qTez37TQ7O281clgT541Q==
-----END CERTIFICATE-----`,
  server: {
    cert: `-----BEGIN CERTIFICATE-----
MIIBmjCCAT+gAwIBAgIBAjAKBggqhkjOPQQDAjAhMR8wHQYDVQQDDBZMZXZlcmV0
IHRlc3QgYXV0aG9yaXR5MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAw
WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATQye8rbzo1Dq9SLeMoDwvWbSm4XsOAtBHc+mSYnCWLk88A9xTcSrqJ1ZBycwDn
19OtLM+V4jDWi6TMfQGhPqEKo3MwcTAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8A
AAEwEwYDVR0lBAwwCgYIKwYBBQUHAwEwHQYDVR0OBBYEFHHrgHuc0R6M3SFEYL/L
MI88M3XDMB8GA1UdIwQYMBaAFH4k/IqYDx08iyDUf4+BTGhBJ3+4MAoGCCqGSM49
BAMCA0kAMEYCIQClAO/plddj5REJJ0rHJM78xPnOBpgTpVtaxHabCh82BgIhAKKS
iu4PcSM8U4HIh59dQfYQ4t7029XhmRHF10p4p/6q
-----END CERTIFICATE-----`,
    key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgiVaMwbkcMy5qkAL0
s4RBc5VbOKMs2kZjg89mIQ5dzG+hRANCAATQye8rbzo1Dq9SLeMoDwvWbSm4XsOA
tBHc+mSYnCWLk88A9xTcSrqJ1ZBycwDn19OtLM+V4jDWi6TMfQGhPqEK
-----END PRIVATE KEY-----`,
  },
  client: {
    cert: `-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIBAzAKBggqhkjOPQQDAjAhMR8wHQYDVQQDDBZMZXZlcmV0
IHRlc3QgYXV0aG9yaXR5MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAw
WjAQMQ4wDAYDVQQDDAVndWVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPUd
V8LvQ6X24p0tipCRQ9l4PDuJuX1z07FQ5+LdD9XVx800cf2IbmoiZp6W/VSFyGBK
91KH7tpICJYxabPa8aqjVzBVMBMGA1UdJQQMMAoGCCsGAQUFBwMCMB0GA1UdDgQW
BBTnPx/ldy5y7xXtXfrCmSIQI6htPTAfBgNVHSMEGDAWgBR+JPyKmA8dPIsg1H+P
gUxoQSd/uDAKBggqhkjOPQQDAgNIADBFAiEAxBU0zJCgZHihvMF0Ee6WGQAyR9gR
Tyfs6wcErPKZ/9oCIBA+BU4c+v+AaDGKXmjRCplMK7Ngc/qlQLj56Wqw0cQM
-----END CERTIFICATE-----`,
    key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgaQlP2EZc4tV7hAMp
IPJtchLh+vcHygnjSWCvTqwzrpyhRANCAAT1HVfC70Ol9uKdLYqQkUPZeDw7ibl9
c9OxUOfi3Q/V1cfNNHH9iG5qImaelv1UhchgSvdSh+7aSAiWMWmz2vGq
-----END PRIVATE KEY-----`,
  },
};

/** Paths of the certificates as files. */
export interface CertificateFiles {
  readonly authority: string;
  readonly server: Identity;
  readonly client: Identity;
}

/** Writes them to a folder, for programs that take files, and for URLs. */
export async function writeCertificates(folder: string): Promise<CertificateFiles> {
  const write = async (name: string, content: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  };
  const identity = async (name: string, { cert, key }: Identity): Promise<Identity> => ({
    cert: await write(`${name}.pem`, cert),
    key: await write(`${name}.key`, key),
  });
  const { authority, server, client } = certificates;
  return {
    authority: await write('authority.pem', authority),
    server: await identity('server', server),
    client: await identity('client', client),
  };
}
