namespace Minka.Cli;

/// <summary>What the process says to its caller; listed in <c>docs/cli.md</c>.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>Something went wrong while running.</summary>
    public const int Failure = 1;

    /// <summary>The command line does not make sense.</summary>
    public const int Usage = 2;

    /// <summary>There is no model where one was named.</summary>
    public const int ModelNotFound = 3;

    /// <summary>Ctrl+C: 128 + SIGINT.</summary>
    public const int Interrupted = 130;
}
