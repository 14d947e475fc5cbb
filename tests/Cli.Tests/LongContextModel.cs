using System.Buffers.Binary;

namespace Minka.Cli.Tests;

/// <summary>The built-in model, said to be made for so many positions that an answer can be longer than what pipes
/// hold: it waits for its reader, and whatever is done before that is done in the middle of the answer.</summary>
internal static class LongContextModel
{
    /// <summary>Writes it.</summary>
    /// <returns>Its path.</returns>
    public static string Write(string folder, uint positions = 200_000)
    {
        var bytes = File.ReadAllBytes(SourceTree.BuiltInModel);
        var key = "llama.context_length"u8;
        var value = bytes.AsSpan(bytes.AsSpan().IndexOf(key) + key.Length + sizeof(int)); // its type goes before it
        Assert.Equal(2048u, BinaryPrimitives.ReadUInt32LittleEndian(value));
        BinaryPrimitives.WriteUInt32LittleEndian(value, positions);
        var path = Path.Combine(folder, "long.gguf");
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
