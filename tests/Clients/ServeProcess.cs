using System.ClientModel;
using System.ClientModel.Primitives;
using System.Diagnostics;
using System.Text.RegularExpressions;
using OpenAI;

[assembly: AssemblyFixture(typeof(Minka.Clients.ServeProcess))]

namespace Minka.Clients;

/// <summary>A real <c>minka serve</c> in a process of its own, shared by all tests.</summary>
public sealed partial class ServeProcess : IAsyncLifetime
{
    private Process? _process;

    /// <summary>What requests call the model.</summary>
    public static string Model => "minka-tiny";

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    /// <summary>A client of it that asks once and never again.</summary>
    public OpenAIClient Client { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        _process = Process.Start(new ProcessStartInfo(
            "dotnet", [SourceTree.Program, "serve", "--port", "0", "--threads", "1", "--drain-delay", "0"])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        }) ?? throw new InvalidOperationException("dotnet did not start.");
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var line = await _process.StandardOutput.ReadLineAsync(patience.Token);
        var found = Started().Match(line ?? "");
        Assert.True(found.Success, $"minka serve said '{line}' at its start.");
        Address = new Uri(found.Groups[1].Value);
        Client = new OpenAIClient(new ApiKeyCredential("none"), new OpenAIClientOptions
        {
            Endpoint = new Uri(Address, "v1"),
            RetryPolicy = new ClientRetryPolicy(0),
        });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is null) return;
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    [GeneratedRegex(@"at (http://[^\s;]+)v1;")]
    private static partial Regex Started();
}
