namespace Minka.Cli;

/// <summary>Finds a model by what the user called it.</summary>
internal static class ModelLocator
{
    /// <summary>The model that ships with the program.</summary>
    public const string BuiltIn = "minka-tiny";

    /// <summary>Where the build puts it: beside the program.</summary>
    public static string BuiltInPath { get; } =
        Path.Combine(AppContext.BaseDirectory, "models", BuiltIn, $"{BuiltIn}.Q8_0.gguf");

    /// <summary>Path of the model called <paramref name="name"/>: an alias, a file or a folder.</summary>
    /// <exception cref="ModelNotFoundException">It is none of these.</exception>
    public static string Locate(string name)
    {
        if (Path.Exists(name)) return name;
        if (name == BuiltIn)
            return File.Exists(BuiltInPath) ? BuiltInPath : throw new ModelNotFoundException(
                $"The built-in model is not at '{BuiltInPath}'; build Minka again or name another model with -m.");
        throw new ModelNotFoundException(
            $"There is no model '{name}': no file or folder of that name, and the only alias is {BuiltIn}.");
    }

    /// <summary>Whether <paramref name="text"/> can hardly be anything but a model file.</summary>
    public static bool LooksLikeFile(string text) => !text.Any(char.IsWhiteSpace)
        && (Path.GetExtension(text) is ".gguf" or ".safetensors" or ".m" || text.EndsWith('/'));

    /// <summary>Whether <paramref name="text"/> names a model rather than being a prompt.</summary>
    public static bool IsName(string text) => text == BuiltIn || (text.Length is > 0 and < 4096 && Path.Exists(text));
}
