using Minka.Compute;
using Minka.Models.Loading;
using Minka.Models.Loading.Dllama;
using Minka.Models.Loading.Gguf;
using Minka.Models.Loading.HuggingFace;
using Minka.Models.Templates;
using Minka.Models.Tokenization;

namespace Minka.Models;

/// <summary>Everything that a model's files say: weights, hyperparameters, tokenizer, chat template, habits.</summary>
/// <remarks>Opening reads headers only; the tokenizer and the template are read when first asked for.</remarks>
public sealed class ModelPackage : IDisposable
{
    private readonly Lazy<Tokenizer> _tokenizer;
    private readonly Lazy<ChatTemplate?> _template;

    private ModelPackage(IWeightFile weights, string? tokenizerPath)
    {
        Weights = weights;
        _tokenizer = new(() => ReadTokenizer(tokenizerPath));
        _template = new(() => ChatTemplateSource is { } source ? ChatTemplate.Parse(source) : null);
    }

    /// <summary>Weights as they lie on disk.</summary>
    public IWeightFile Weights { get; }

    /// <summary>Hyperparameters.</summary>
    public ModelConfig Config => Weights.Config;

    /// <summary>Text to tokens and back.</summary>
    /// <exception cref="ModelFormatException">
    /// There is none, it is not sound, or it has more tokens than the model.
    /// </exception>
    public Tokenizer Tokenizer => _tokenizer.Value;

    /// <summary>Messages to a prompt; null when the model has no template.</summary>
    /// <exception cref="TemplateException">The template's syntax is wrong.</exception>
    public ChatTemplate? ChatTemplate => _template.Value;

    /// <summary>The template's text; null for none. Of several, the one called <c>default</c>.</summary>
    public string? ChatTemplateSource => Templates.GetValueOrDefault("default");

    /// <summary>How the model's makers suggest to sample.</summary>
    public GenerationDefaults Defaults => Weights switch
    {
        GgufFile gguf => gguf.Defaults,
        HuggingFaceFolder folder => folder.Defaults,
        _ => GenerationDefaults.None,
    };

    /// <summary>Tokens that end an answer: those of the tokenizer and those of the model's configuration.</summary>
    public IReadOnlyList<int> EosIds => [.. Tokenizer.EosIds.Concat(Defaults.EosIds).Distinct()];

    private IReadOnlyDictionary<string, string> Templates => Weights switch
    {
        GgufFile gguf => gguf.ChatTemplates,
        HuggingFaceFolder folder => folder.ChatTemplates,
        DllamaFile => DllamaTemplates(),
        _ => new Dictionary<string, string>(),
    };

    /// <summary>Opens a model of any format.</summary>
    /// <param name="path">What <see cref="ModelFiles.Open"/> takes.</param>
    /// <param name="tokenizerPath">
    /// A <c>tokenizer.json</c> or the folder it is in, a <c>.t</c> or a GGUF file; null for the model's own.
    /// </param>
    /// <exception cref="ModelFormatException">The model is not sound, or Minka does not run its kind.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public static ModelPackage Open(string path, string? tokenizerPath = null) =>
        new(ModelFiles.Open(path), tokenizerPath);

    /// <summary>Reads and packs the weights for a device.</summary>
    public ICausalModel Load(IBackend backend, ModelLoadOptions options) => Decoder.Load(Weights, backend, options);

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();

    private Tokenizer ReadTokenizer(string? path)
    {
        var tokenizer = path is null ? OwnTokenizer() : TokenizerAt(path);
        if (tokenizer.VocabularySize > Config.VocabularySize)
            throw new ModelFormatException(
                $"The tokenizer of {path ?? Weights.Path} has {tokenizer.VocabularySize} tokens; "
                + $"the model's vocabulary has {Config.VocabularySize}. They do not belong together.");
        return tokenizer;
    }

    private Tokenizer OwnTokenizer() => Weights switch
    {
        GgufFile gguf => Tokenizers.FromGguf(gguf.Metadata),
        HuggingFaceFolder folder => OfFolder(folder.ReadTokenizerJson(), folder.ReadTokenizerConfigJson(), folder.Path),
        DllamaFile => Tokenizers.FromDllama(DllamaTokenizerFile.Open(DllamaTokenizerPath())),
        _ => throw new ModelFormatException($"{Weights.Path} has no tokenizer; name one with --tokenizer."),
    };

    private static Tokenizer TokenizerAt(string path)
    {
        if (Directory.Exists(path)) path = Path.Combine(path, "tokenizer.json");
        if (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            var config = Path.Combine(Path.GetDirectoryName(path) ?? "", "tokenizer_config.json");
            return OfFolder(ReadIfThere(path), ReadIfThere(config), path);
        }
        if (path.EndsWith(".t", StringComparison.OrdinalIgnoreCase))
            return Tokenizers.FromDllama(DllamaTokenizerFile.Open(path));
        using var gguf = GgufFile.Open(path);
        return Tokenizers.FromGguf(gguf.Metadata);
    }

    private static Tokenizer OfFolder(byte[]? tokenizer, byte[]? config, string path) =>
        Tokenizers.FromTokenizerJson(
            tokenizer ?? throw new ModelFormatException(
                $"{path} has no tokenizer.json; fetch it, or name a tokenizer with --tokenizer."),
            config ?? []);

    private static byte[]? ReadIfThere(string path) => File.Exists(path) ? File.ReadAllBytes(path) : null;

    private Dictionary<string, string> DllamaTemplates()
    {
        var template = DllamaTokenizerFile.Open(DllamaTokenizerPath()).ChatTemplate;
        return template is null ? [] : new() { ["default"] = template };
    }

    private string DllamaTokenizerPath()
    {
        var twin = Path.ChangeExtension(Weights.Path, ".t");
        if (File.Exists(twin)) return twin;

        string[] others = [.. Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(Weights.Path))!, "*.t")];
        return others.Length == 1 ? others[0] : throw new ModelFormatException(
            $"{Weights.Path} needs a tokenizer: there is no '{Path.GetFileName(twin)}' beside it and "
            + $"{others.Length} other .t files; name one with --tokenizer.");
    }
}
