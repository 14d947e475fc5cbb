namespace Minka.Compute.Cpu;

/// <summary>Small files of the system that may not be there or may not be read: then they are empty.</summary>
internal static class SystemFile
{
    /// <summary>All lines.</summary>
    public static IReadOnlyList<string> Lines(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The first line, without spaces around it.</summary>
    public static string FirstLine(string path) => Lines(path) is [var first, ..] ? first.Trim() : "";
}
