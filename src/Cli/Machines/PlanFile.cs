using Minka.Plan;

namespace Minka.Cli.Machines;

/// <summary>Plans and topologies as files, JSON or YAML.</summary>
internal static class PlanFile
{
    private const int ShortHash = 12;

    /// <exception cref="UsageException">There is no such file, or it is no plan.</exception>
    public static ClusterPlan Read(string path)
    {
        try
        {
            return PlanJson.Read(Bytes(path, "minka plan new makes a plan"));
        }
        catch (PlanException wrong)
        {
            throw new UsageException($"'{path}' is no plan: {wrong.Message}");
        }
    }

    /// <exception cref="UsageException">There is no such file, or it is no topology.</exception>
    public static Topology ReadTopology(string path)
    {
        try
        {
            return PlanJson.ReadTopology(Bytes(path, "minka probe --topology writes one"));
        }
        catch (PlanException wrong)
        {
            throw new UsageException($"'{path}' is no topology: {wrong.Message}");
        }
    }

    /// <summary>Enough of a hash to tell two models apart.</summary>
    public static string Short(string hash) => hash[..Math.Min(ShortHash, hash.Length)];

    private static byte[] Bytes(string path, string advice)
    {
        if (!File.Exists(path)) throw new UsageException($"There is no file '{path}'; {advice}.");
        using var file = File.OpenRead(path);
        if (file.Length > PlanJson.BytesMax)
            throw new UsageException($"'{path}' has {file.Length} bytes; at most {PlanJson.BytesMax} are read.");
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
