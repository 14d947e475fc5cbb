using System.Reflection;

namespace Minka.Cli;

/// <summary>What this program calls itself.</summary>
internal static class ProgramVersion
{
    /// <summary>Version, and the commit it was built from where that is known: <c>0.1.0+876469dc</c>.</summary>
    public static string Text { get; } = Shorten(typeof(ProgramVersion).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0");

    private static string Shorten(string version) =>
        version.Split('+') is [var number, { Length: > 8 } commit] ? $"{number}+{commit[..8]}" : version;
}
