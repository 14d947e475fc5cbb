using System.Text.Json;

namespace Minka.Cli.Chat;

/// <summary>A conversation as a file: <c>{"model": …, "messages": [{"role": …, "content": …}]}</c>.</summary>
internal static class SavedChat
{
    private const long BytesMax = 64 << 20;
    private static readonly string[] _roles = ["system", "user", "assistant"];

    /// <summary>Writes beside the target and renames, so that a full disk loses nothing.</summary>
    public static void Save(string path, string model, IReadOnlyList<Turn> messages)
    {
        var unfinished = path + ".part";
        File.WriteAllText(unfinished, Json.WriteObject(json =>
        {
            json.WriteString("model", model);
            json.WriteStartArray("messages");
            foreach (var turn in messages)
            {
                json.WriteStartObject();
                json.WriteString("role", turn.Role);
                json.WriteString("content", turn.Content);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }, isIndented: true) + "\n");
        File.Move(unfinished, path, overwrite: true);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="UsageException">It is not such a file.</exception>
    public static IReadOnlyList<Turn> Load(string path)
    {
        if (!File.Exists(path)) throw new UsageException($"There is no file '{path}'.");
        if (new FileInfo(path).Length > BytesMax)
            throw new UsageException($"'{path}' is larger than {BytesMax >> 20} MiB; a saved chat never is.");
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return [.. json.RootElement.GetProperty("messages").EnumerateArray().Select(Read)];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new UsageException($"'{path}' is not a saved chat ({error.Message.Split('\n')[0].TrimEnd('.')}).");
        }
    }

    private static Turn Read(JsonElement message)
    {
        var role = message.GetProperty("role").GetString();
        var content = message.GetProperty("content").GetString();
        return _roles.Contains(role) && content is not null
            ? new Turn(role!, content)
            : throw new InvalidOperationException($"a message has the role '{role}'");
    }
}
