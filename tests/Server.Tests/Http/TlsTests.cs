using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Minka.Server.Tests.Http;

public sealed class TlsTests
{
    [Fact]
    public async Task A_certificate_in_PEM_is_what_clients_see()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(
            DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
        var folder = Directory.CreateTempSubdirectory();
        var (certPath, keyPath) = (Path.Combine(folder.FullName, "cert.pem"), Path.Combine(folder.FullName, "key.pem"));
        await File.WriteAllTextAsync(
            certPath, certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            keyPath, key.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        await using var server = new TinyServer(
            new ServerOptions { CertificateFile = certPath, CertificateKeyFile = keyPath });
        await server.InitializeAsync();
        string? seen = null;
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, shown, _, _) => (seen = shown?.Thumbprint) is not null,
        };
        using var client = new HttpClient(handler) { BaseAddress = server.App.Address };

        using var response = await client.GetAsync("/health", TestContext.Current.CancellationToken);

        Assert.Equal("https", server.App.Address.Scheme);
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal(certificate.Thumbprint, seen);
        folder.Delete(recursive: true);
    }
}
