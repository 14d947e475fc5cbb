namespace Minka.Cli;

/// <summary>What a bare <c>minka</c> says.</summary>
internal static class Greeting
{
    public static Task<int> RunAsync(Terminal terminal, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        terminal.Out.WriteLine(terminal.Bold("Minka") + " runs language models on this machine.");
        return Task.FromResult(ExitCodes.Ok);
    }
}
