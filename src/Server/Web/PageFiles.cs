using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Minka.Server.Web;

/// <summary>A file of the web pages.</summary>
/// <param name="Type">Its content type.</param>
/// <param name="Bytes">What it holds.</param>
/// <param name="ETag">Changes with its content, quotes included.</param>
internal sealed record PageFile(string Type, byte[] Bytes, string ETag);

/// <summary>The files of the web pages, which lie in the assembly.</summary>
internal static class PageFiles
{
    private const string Prefix = "ui/";

    /// <summary>By path below <c>wwwroot</c>, with <c>/</c> between folders.</summary>
    public static FrozenDictionary<string, PageFile> All { get; } = Load();

    private static FrozenDictionary<string, PageFile> Load()
    {
        var assembly = typeof(PageFiles).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(name => name[Prefix.Length..].Replace('\\', '/'), name =>
            {
                using var stream = assembly.GetManifestResourceStream(name)!;
                var bytes = new byte[stream.Length];
                stream.ReadExactly(bytes);
                var hash = Convert.ToHexStringLower(SHA256.HashData(bytes))[..20];
                return new PageFile(TypeOf(name), bytes, $"\"{hash}\"");
            });
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var extension => throw new InvalidOperationException($"{name}: no content type is known for '{extension}'."),
    };
}
