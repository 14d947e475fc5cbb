using System.Globalization;

namespace Minka.Cluster.Weights;

/// <summary>Whether a path means the same file to a root and to a worker: then there is nothing to compare.</summary>
internal static class FileIdentity
{
    private const string BootId = "/proc/sys/kernel/random/boot_id";

    /// <summary>Machine, path, size and time; empty where there is no such file.</summary>
    public static string Of(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists) return "";
            var machine = File.Exists(BootId) ? File.ReadAllText(BootId).Trim() : Environment.MachineName;
            return string.Create(CultureInfo.InvariantCulture,
                $"{machine} {file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}");
        }
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
