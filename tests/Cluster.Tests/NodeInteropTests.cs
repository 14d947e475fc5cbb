using System.Diagnostics;
using System.Net;
using Minka.Cluster.Protocol;

namespace Minka.Cluster.Tests;

/// <summary>Our framing against <c>@grpc/grpc-js</c>, in both directions.</summary>
public sealed class NodeInteropTests(NodePackages packages) : IClassFixture<NodePackages>, IDisposable
{
    /// <summary>Longer than Node.js takes on the slowest machine.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    private readonly CancellationTokenSource _limit = new(_patience, TimeProvider.System);

    private CancellationToken Cancellation => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [Fact]
    public async Task The_client_of_node_understands_our_server()
    {
        packages.SkipIfAbsent();
        await using var server = await ControlServer.StartAsync(new(IPAddress.Loopback, 0), new SampleControl(), new());

        using var node = packages.Start("client.js", NodePackages.Proto, server.EndPoint.ToString());
        using var ending = Cancellation.Register(() => node.Kill());
        var (writes, complains) = (node.StandardOutput.ReadToEndAsync(Cancellation),
            node.StandardError.ReadToEndAsync(Cancellation));
        var (output, errors) = (await writes, await complains);
        await node.WaitForExitAsync(Cancellation);

        Assert.Equal("all well", output.Trim() + errors.Trim());
    }

    [Fact]
    public async Task Our_client_understands_the_server_of_node()
    {
        packages.SkipIfAbsent();
        using var node = packages.Start("server.js", NodePackages.Proto);
        using var ending = Cancellation.Register(() => node.Kill());
        try
        {
            var port = await node.StandardOutput.ReadLineAsync(Cancellation);
            using var client = new ControlClient($"127.0.0.1:{port}", null, _patience) { Within = _patience };

            await ControlContract.CheckAsync(client, Cancellation);
        }
        finally
        {
            node.StandardInput.Close();
            await node.WaitForExitAsync(Cancellation);
        }
    }
}

/// <summary>Installs the packages once per machine, into artifacts; without npm the tests skip and say so.</summary>
public sealed class NodePackages
{
    private static readonly TimeSpan _installMax = TimeSpan.FromMinutes(2);
    private readonly string _folder = SourceTree.At("artifacts", "node");
    private readonly string? _absent;

    public NodePackages()
    {
        try
        {
            if (!Directory.Exists(Path.Combine(_folder, "node_modules", "@grpc", "proto-loader"))) Install();
        }
        catch (Exception wrong) when (wrong is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            _absent = wrong.Message;
        }
    }

    public static string Proto => SourceTree.At("src", "Cluster", "Protocol", "control.proto");

    public void SkipIfAbsent()
    {
        if (_absent is not null) Assert.Skip($"@grpc/grpc-js cannot be installed: {_absent}");
    }

    public Process Start(string script, params string[] arguments) => Process.Start(new ProcessStartInfo(
        "node", [SourceTree.At("tests", "Cluster.Tests", "Node", script), .. arguments])
    {
        RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        Environment = { ["NODE_PATH"] = Path.Combine(_folder, "node_modules") },
    })!;

    private void Install()
    {
        Directory.CreateDirectory(_folder);
        File.Copy(SourceTree.At("tests", "Cluster.Tests", "Node", "package.json"),
            Path.Combine(_folder, "package.json"), overwrite: true);
        using var npm = Process.Start(new ProcessStartInfo(
            "npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"])
        {
            WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var errors = npm.StandardError.ReadToEndAsync();
        _ = npm.StandardOutput.ReadToEndAsync();
        if (!npm.WaitForExit(_installMax)) npm.Kill(entireProcessTree: true);
        npm.WaitForExit();
        if (npm.ExitCode != 0) throw new InvalidOperationException($"npm ended with {npm.ExitCode}: {errors.Result}");
    }
}
