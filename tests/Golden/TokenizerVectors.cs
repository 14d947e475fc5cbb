using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Minka.Models.Loading;
using Minka.Models.Loading.Gguf;
using Minka.Models.Tokenization;

namespace Minka.Golden;

/// <summary>Texts and ids of Hugging Face <c>tokenizers</c> and of llama.cpp, below <c>tokenizers</c>.</summary>
public class TokenizerVectors
{
    private const string Separator = "\n__ggml_vocab_test__\n";

    public static TheoryData<string> Folders => Names(Path.Combine("tokenizers", "hf"), "cases.jsonl",
        file => Path.GetFileName(Path.GetDirectoryName(file))!);

    public static TheoryData<string> Vocabularies => Names(Path.Combine("tokenizers", "gguf"), "*.gguf.inp",
        file => Path.GetFileNameWithoutExtension(file));

    [Theory]
    [MemberData(nameof(Folders))]
    public void Text_becomes_the_ids_of_hugging_face(string name)
    {
        var tokenizer = RequireJson(name);
        var failures = new List<string>();
        foreach (var vector in Cases(name))
        {
            var text = vector.GetProperty("text").GetString()!;
            Compare(failures, text, Ids(vector, "ids"), tokenizer.Encode(text, addSpecial: false));
            Compare(failures, text, Ids(vector, "ids_special"), tokenizer.Encode(text));
        }
        AssertNone(failures);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Ids_become_the_text_of_hugging_face(string name)
    {
        var tokenizer = RequireJson(name);
        var failures = new List<string>();
        foreach (var vector in Cases(name))
        {
            var kept = vector.GetProperty("decoded").GetString()!;
            var skipped = vector.GetProperty("decoded_skip_special").GetString()!;
            Compare(failures, kept, tokenizer.Decode(Ids(vector, "ids"), skipSpecial: false));
            Compare(failures, skipped, tokenizer.Decode(Ids(vector, "ids_special")));
        }
        AssertNone(failures);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Ids_one_by_one_become_the_same_text(string name)
    {
        var tokenizer = RequireJson(name);
        var failures = new List<string>();
        foreach (var vector in Cases(name))
        {
            var stream = tokenizer.CreateStream(skipSpecial: false);
            var text = string.Concat(Ids(vector, "ids").Select(stream.Push)) + stream.Finish();
            Compare(failures, vector.GetProperty("decoded").GetString()!, text);
        }
        AssertNone(failures);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Long_texts_become_the_ids_of_hugging_face(string name)
    {
        var tokenizer = RequireJson(name);
        using var document = JsonDocument.Parse(File.ReadAllBytes(At("tokenizers", "hf", name, "long.json")));
        foreach (var file in document.RootElement.EnumerateObject())
        {
            var bytes = File.ReadAllBytes(At("text", file.Name));
            var text = Encoding.UTF8.GetString(bytes, 0, file.Value.GetProperty("bytes").GetInt32());

            var ids = tokenizer.Encode(text, addSpecial: false);

            var count = file.Value.GetProperty("count").GetInt32();
            Assert.True(count == ids.Length && file.Value.GetProperty("sha256_i32le").GetString() == Sha256(ids),
                $"{name}, {file.Name}: {ids.Length} ids differ from the {count} of the reference.");
        }
    }

    [Theory]
    [MemberData(nameof(Vocabularies))]
    public void Text_becomes_the_ids_of_llama_cpp(string name)
    {
        var tokenizer = RequireGguf(name);
        var texts = File.ReadAllText(At("tokenizers", "gguf", name + ".inp")).Split(Separator);
        var lines = File.ReadAllText(At("tokenizers", "gguf", name + ".out")).Split('\n');
        var failures = new List<string>();
        Assert.True(lines.Length >= texts.Length - 1, $"{name}: {texts.Length} texts and {lines.Length} lines of ids.");
        foreach (var (i, text) in texts.Index().Where(item => item.Index < lines.Length))
        {
            var expected = lines[i].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).ToArray();
            Compare(failures, text, expected, tokenizer.Encode(text, addSpecial: false));
        }
        AssertNone(failures);
    }

    private static Tokenizer RequireJson(string name)
    {
        if (name.Length == 0) Assert.Skip($"{At("tokenizers")} is absent; set MINKA_SHARED to a folder that has it.");
        var folder = new[] { At("tokenizers", "hf", name) }
            .Concat(Directory.Exists(At("models")) ? Directory.GetDirectories(At("models"), name + "*") : [])
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "tokenizer.json")));
        if (folder is null) Assert.Skip($"No tokenizer.json is there for '{name}'.");
        return Require(name, () =>
            Tokenizers.FromTokenizerJson(File.ReadAllBytes(Path.Combine(folder!, "tokenizer.json"))));
    }

    private static Tokenizer RequireGguf(string name)
    {
        if (name.Length == 0) Assert.Skip($"{At("tokenizers")} is absent; set MINKA_SHARED to a folder that has it.");
        return Require(name, () =>
        {
            using var file = GgufFile.Open(At("tokenizers", "gguf", name));
            return Tokenizers.FromGguf(file.Metadata);
        });
    }

    private static Tokenizer Require(string name, Func<Tokenizer> load)
    {
        try
        {
            return load();
        }
        catch (UnsupportedModelException e)
        {
            Assert.Skip($"{name}: {e.Feature} is not built yet.");
            throw;
        }
    }

    private static IEnumerable<JsonElement> Cases(string name) =>
        File.ReadLines(At("tokenizers", "hf", name, "cases.jsonl"))
            .Where(line => line.Length > 0)
            .Select(line => JsonDocument.Parse(line).RootElement);

    private static int[] Ids(JsonElement vector, string field) =>
        [.. vector.GetProperty(field).EnumerateArray().Select(id => id.GetInt32())];

    private static string Sha256(int[] ids) =>
        Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(ids.AsSpan())));

    private static void Compare(List<string> failures, string text, int[] expected, int[] actual)
    {
        if (!expected.AsSpan().SequenceEqual(actual))
            failures.Add($"{JsonSerializer.Serialize(text)}: [{string.Join(' ', actual)}], "
                + $"the reference has [{string.Join(' ', expected)}]");
    }

    private static void Compare(List<string> failures, string expected, string actual)
    {
        if (expected != actual)
            failures.Add($"{JsonSerializer.Serialize(actual)}, the reference has {JsonSerializer.Serialize(expected)}");
    }

    private static void AssertNone(List<string> failures) => Assert.True(failures.Count == 0,
        $"{failures.Count} differ:\n{string.Join('\n', failures.Take(10))}");

    private static string At(params ReadOnlySpan<string> parts) => SharedFolder.At(parts);

    private static TheoryData<string> Names(string folder, string pattern, Func<string, string> name)
    {
        string[] files = Directory.Exists(At(folder))
            ? Directory.GetFiles(At(folder), pattern, SearchOption.AllDirectories)
            : [];
        return files.Length == 0 ? [""] : [.. files.Select(name).Order(StringComparer.Ordinal)];
    }
}
