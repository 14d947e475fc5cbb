using Minka.Models.Loading.Dllama;
using Minka.Models.Loading.Gguf;
using Minka.Models.Loading.HuggingFace;

namespace Minka.Models.Loading;

/// <summary>Opens models of every format. What a file is, its bytes say, not its name.</summary>
public static class ModelFiles
{
    private const int StartBytes = 16;

    /// <summary>Opens a model whose hyperparameters are sound and whose architecture is built.</summary>
    /// <param name="path">
    /// A GGUF file (of a split model any part), a distributed-llama <c>.m</c> file, a safetensors file beside its
    /// <c>config.json</c>, a folder as published on Hugging Face, or a folder with one GGUF model.
    /// </param>
    /// <exception cref="ModelFormatException">There is no such file, or it is not sound.</exception>
    /// <exception cref="UnsupportedModelException">It is sound, but Minka does not run its kind.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public static IWeightFile Open(string path)
    {
        var file = Inspect(path);
        try
        {
            _ = file.Config;
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opens a model to look at: as <see cref="Open"/>, but an architecture that is not built is refused only when
    /// <see cref="IWeightFile.Config"/> is asked for.
    /// </summary>
    public static IWeightFile Inspect(string path)
    {
        try
        {
            return Directory.Exists(path) ? OpenFolder(path) : OpenFile(path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new ModelFormatException($"'{path}' may not be read by this user; change its permissions.", e);
        }
    }

    /// <summary>Bytes of all tensors together, as they are stored.</summary>
    public static long WeightBytes(IWeightFile file) => file.Stored.Sum(tensor => tensor.Bytes);

    private static IWeightFile OpenFile(string path)
    {
        Span<byte> start = stackalloc byte[StartBytes];
        using (var file = FileBytes.Open(path))
        {
            start = start[..(int)Math.Min(file.Length, StartBytes)];
            file.Read(0, start);
        }
        if (start.StartsWith("GGUF"u8)) return GgufFile.Open(path);
        if (DllamaFile.IsMagic(start)) return DllamaFile.Open(path);
        if (SafetensorsFile.IsStart(start)) return HuggingFaceFolder.Open(path);
        throw new ModelFormatException($"'{path}' is {Describe(start)}; a model in GGUF, safetensors or "
            + "distributed-llama's format, or a folder with one, is needed.");
    }

    private static IWeightFile OpenFolder(string folder)
    {
        var hasConfig = File.Exists(Path.Combine(folder, "config.json"));
        if (hasConfig && Directory.EnumerateFiles(folder, "*.safetensors*").Any())
            return HuggingFaceFolder.Open(folder);

        string[] models = [.. Directory.EnumerateFiles(folder, "*.gguf").Where(GgufSplit.IsFirst).Take(2)];
        return models.Length switch
        {
            1 => GgufFile.Open(models[0]),
            > 1 => throw new ModelFormatException($"'{folder}' has several GGUF models, among them "
                + $"'{Path.GetFileName(models[0])}' and '{Path.GetFileName(models[1])}'; name one of them."),
            _ => throw new ModelFormatException(hasConfig
                ? $"'{folder}' has a config.json, but no safetensors files; fetch the weights."
                : $"'{folder}' holds no model: no config.json with safetensors, and no GGUF file."),
        };
    }

    private static string Describe(ReadOnlySpan<byte> start)
    {
        if (DllamaTokenizerFile.IsMagic(start)) return "a distributed-llama tokenizer";
        if (start.StartsWith("PK\x03\x04"u8)) return "a zip archive, as PyTorch's pickled models are";
        if (start.StartsWith("version https://"u8)) return "a Git LFS pointer in place of the file";
        if (start.TrimStart(" \t\r\n"u8) is [(byte)'{', ..]) return "a JSON text";
        return $"no model that Minka knows: it begins with {Convert.ToHexString(start[..Math.Min(start.Length, 8)])}";
    }
}
