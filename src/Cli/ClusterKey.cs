using Minka.Collectives.Joining;

namespace Minka.Cli;

/// <summary>Where the key of a cluster comes from: a file, else the environment.</summary>
internal static class ClusterKey
{
    private const string Variable = "MINKA_KEY";

    /// <summary>The key; null when there is none.</summary>
    /// <exception cref="UsageException">There is no such file, or what is there is no key.</exception>
    public static PresharedKey? Read(string? path)
    {
        if (path is not null && !File.Exists(path))
            throw new UsageException($"There is no key file '{path}'; minka key new makes a key.");
        var text = path is not null ? File.ReadAllText(path) : Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrWhiteSpace(text))
            return path is null ? null : throw new UsageException($"'{path}' is empty; minka key new makes a key.");
        try
        {
            return PresharedKey.Parse(text);
        }
        catch (FormatException wrong)
        {
            throw new UsageException($"{path ?? Variable}: {wrong.Message}");
        }
    }
}
