namespace Minka.Cli.Chat;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">system, user or assistant.</param>
/// <param name="Content">Its text.</param>
internal sealed record Turn(string Role, string Content);

/// <summary>What was said so far, with an optional system prompt at its head.</summary>
internal sealed class Conversation
{
    private readonly List<Turn> _turns = [];

    /// <summary>Instructions that go before everything; null for none.</summary>
    public string? System { get; set; }

    /// <summary>User and assistant in turn.</summary>
    public IReadOnlyList<Turn> Turns => _turns;

    /// <summary>All messages for the template.</summary>
    public IReadOnlyList<Turn> Messages => System is null ? [.. _turns] : [new("system", System), .. _turns];

    public void Ask(string question) => _turns.Add(new("user", question));

    public void Answer(string answer) => _turns.Add(new("assistant", answer));

    /// <summary>Takes back the last question, when its answer failed before its first word.</summary>
    public void TakeBack()
    {
        if (_turns is [.., { Role: "user" }]) _turns.RemoveAt(_turns.Count - 1);
    }

    public void Clear() => _turns.Clear();

    /// <summary>Replaces everything by what was saved.</summary>
    public void Restore(IReadOnlyList<Turn> messages)
    {
        System = messages is [{ Role: "system" } head, ..] ? head.Content : null;
        _turns.Clear();
        _turns.AddRange(messages.Skip(System is null ? 0 : 1));
    }
}
