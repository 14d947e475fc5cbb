using System.Security.Cryptography;
using System.Text;
using Minka.Server.Http;

namespace Minka.Server.Ollama;

/// <summary>Names of models as Ollama's clients write them.</summary>
internal static class OllamaNames
{
    private const string Tag = ":latest";

    /// <summary>The name of the model that a request means: clients may add <c>:latest</c>.</summary>
    /// <exception cref="ApiFault">No model is named.</exception>
    public static string Find(ModelShelf models, JsonFields fields)
    {
        var name = fields.Text("model") ?? fields.Text("name") ?? throw fields.Missing("model", "a model's name");
        if (name.Length == 0) throw fields.Missing("model", "a model's name");
        var isKnown = models.Entries.Any(entry => entry.Name == name);
        return !isKnown && name.EndsWith(Tag, StringComparison.Ordinal) ? name[..^Tag.Length] : name;
    }

    /// <summary>64 digits that tell a model from others.</summary>
    public static string Digest(ModelEntry entry) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{entry.Name}/{entry.Bytes}")));
}
