using System.Diagnostics;
using System.Net;
using Minka.Cluster.Protocol;

namespace Minka.Cluster.Tests;

/// <summary>Our framing against <c>@grpc/grpc-js</c>, in both directions.</summary>
public sealed class NodeInteropTests(NodePackages packages) : IClassFixture<NodePackages>
{
    private static readonly TimeSpan _shortly = TimeSpan.FromSeconds(10);
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_client_of_node_understands_our_server()
    {
        packages.SkipIfAbsent();
        await using var server = await ControlServer.StartAsync(new(IPAddress.Loopback, 0), new SampleControl(), new());

        using var node = packages.Start("client.js", NodePackages.Proto, server.EndPoint.ToString());
        var output = await node.StandardOutput.ReadToEndAsync(_cancellation);
        var errors = await node.StandardError.ReadToEndAsync(_cancellation);
        await node.WaitForExitAsync(_cancellation);

        Assert.Equal("all well", output.Trim() + errors.Trim());
    }

    [Fact]
    public async Task Our_client_understands_the_server_of_node()
    {
        packages.SkipIfAbsent();
        using var node = packages.Start("server.js", NodePackages.Proto);
        try
        {
            var port = await node.StandardOutput.ReadLineAsync(_cancellation);
            using var client = new ControlClient($"127.0.0.1:{port}", null, _shortly);

            await ControlContract.CheckAsync(client, _cancellation);
        }
        finally
        {
            node.StandardInput.Close();
            await node.WaitForExitAsync(CancellationToken.None);
        }
    }
}

/// <summary>Installs the packages once per machine, into artifacts; without npm the tests skip and say so.</summary>
public sealed class NodePackages
{
    private static readonly TimeSpan _installMax = TimeSpan.FromMinutes(2);
    private readonly string _folder = Path.Combine(Root(), "artifacts", "node");
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

    public static string Proto => Path.Combine(Root(), "src", "Cluster", "Protocol", "control.proto");

    public void SkipIfAbsent()
    {
        if (_absent is not null) Assert.Skip($"@grpc/grpc-js cannot be installed: {_absent}");
    }

    public Process Start(string script, params string[] arguments) => Process.Start(new ProcessStartInfo(
        "node", [Path.Combine(Root(), "tests", "Cluster.Tests", "Node", script), .. arguments])
    {
        RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        Environment = { ["NODE_PATH"] = Path.Combine(_folder, "node_modules") },
    })!;

    private void Install()
    {
        Directory.CreateDirectory(_folder);
        File.Copy(Path.Combine(Root(), "tests", "Cluster.Tests", "Node", "package.json"),
            Path.Combine(_folder, "package.json"), overwrite: true);
        using var npm = Process.Start(new ProcessStartInfo(
            "npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"])
        {
            WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var errors = npm.StandardError.ReadToEndAsync();
        npm.StandardOutput.ReadToEnd();
        if (!npm.WaitForExit(_installMax)) npm.Kill(entireProcessTree: true);
        if (npm.ExitCode != 0) throw new InvalidOperationException($"npm ended with {npm.ExitCode}: {errors.Result}");
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Minka.slnx"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
