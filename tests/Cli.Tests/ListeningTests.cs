using System.Net;
using System.Net.Sockets;
using static Minka.Cli.Tests.TestTerminal;

namespace Minka.Cli.Tests;

/// <summary>Addresses that cannot be listened on.</summary>
public sealed class ListeningTests : IDisposable
{
    private readonly TcpListener _other = new(IPAddress.Loopback, 0);
    private readonly string _taken;

    public ListeningTests()
    {
        _other.Start();
        _taken = _other.LocalEndpoint.ToString()!;
    }

    public void Dispose() => _other.Dispose();

    [Fact]
    public async Task A_server_says_that_its_port_is_taken() => Assert.Equal(
        (1, "", $"minka: {_taken} is taken; end what listens there, or choose another port with --port.\n"),
        await MinkaAsync(["serve", "--port", _taken.Split(':')[1]]));

    [Fact]
    public async Task A_worker_says_which_of_its_ports_is_taken()
    {
        var sentence = $"minka: {_taken} is taken; end what listens there, or choose another port with --listen.\n";

        Assert.Equal((1, "", sentence), await MinkaAsync(["worker", "--listen", _taken]));
        Assert.Equal((1, "", sentence), await MinkaAsync(["worker", "--listen", "127.0.0.1:0", "--metrics", _taken]));
    }

    /// <summary>192.0.2.0/24 is nobody's (RFC 5737).</summary>
    [Fact]
    public async Task A_server_says_that_its_host_is_another_machine()
    {
        if (CanListenOn("192.0.2.1")) Assert.Skip("This machine listens on addresses that it does not have.");

        Assert.Equal(
            (1, "", "minka: 192.0.2.1:0 is no address of this machine; --host takes one of its own.\n"),
            await MinkaAsync(["serve", "--host", "192.0.2.1", "--port", "0", "--insecure"]));
    }

    [Fact]
    public async Task A_certificate_that_is_none_is_named()
    {
        var file = Path.GetTempFileName();
        try
        {
            var (code, _, error) = await MinkaAsync(["serve", "--port", "0", "--tls-cert", file, "--tls-key", file]);

            Assert.Equal(2, code);
            Assert.StartsWith($"minka: The certificate '{file}' or its key cannot be used: ", error,
                StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static bool CanListenOn(string host)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Parse(host), 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
