// A certificate that nobody trusts, for TLS on this machine in tests: localhost, 127.0.0.1 and ::1, for a hundred years.
// Made with: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost
//   -addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1 -keyout key.pem -out certificate.pem

export const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgEUmTQKJbwuUKiznR
x/YggDY9Cil9ei27zPOLGmSPmIOhRANCAAQwqMMfy9Nn1QUSLKIxNn8e+adiHxyo
8Ja44itKoBCkVYaQviPfanLhxvyAK/cWQoKYmXQ2MVLloNMFrY9sxIOt
-----END PRIVATE KEY-----
`

export const certificate = `-----BEGIN CERTIFICATE-----
MIIBrzCCAVSgAwIBAgIUVLWYkclC/aJCTyrEzfFgZCZWlZswCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTIzNTIwNloYDzIxMjYxMDI4
MjM1MjA2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQwqMMfy9Nn1QUSLKIxNn8e+adiHxyo8Ja44itKoBCkVYaQviPfanLh
xvyAK/cWQoKYmXQ2MVLloNMFrY9sxIOto4GBMH8wHQYDVR0OBBYEFGroJF8pPYi1
YaDZtBVxPlL+xK0NMB8GA1UdIwQYMBaAFGroJF8pPYi1YaDZtBVxPlL+xK0NMA8G
A1UdEwEB/wQFMAMBAf8wLAYDVR0RBCUwI4IJbG9jYWxob3N0hwR/AAABhxAAAAAA
AAAAAAAAAAAAAAABMAoGCCqGSM49BAMCA0kAMEYCIQDbG6DCmAXeQMCHKTKaFIBb
6g9nHT+b6ePCPiJ/9VuyvgIhAJyRDmKsJOiKa17+122sHj3eWHJg/wxcXvrYLNro
3xO/
-----END CERTIFICATE-----
`
