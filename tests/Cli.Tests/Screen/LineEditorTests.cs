using Minka.Cli.Screen;

namespace Minka.Cli.Tests.Screen;

public sealed class LineEditorTests
{
    private static readonly ConsoleKeyInfo _enter = new('\r', ConsoleKey.Enter, false, false, false);
    private static readonly ConsoleKeyInfo _altEnter = new('\r', ConsoleKey.Enter, false, true, false);
    private static readonly ConsoleKeyInfo _up = new('\0', ConsoleKey.UpArrow, false, false, false);

    /// <summary>Keys from a list; with <paramref name="isPaste"/> all of them wait at once.</summary>
    private sealed class Keys(IEnumerable<ConsoleKeyInfo> keys, bool isPaste = false) : IKeyboard, IDisposable
    {
        private readonly Queue<ConsoleKeyInfo> _keys = new(keys);

        public bool HasMore => isPaste && _keys.Count > 0;

        public ConsoleKeyInfo? Read() => _keys.TryDequeue(out var key) ? key : null;

        public IDisposable Raw() => this;

        public void Dispose() { }
    }

    private static ConsoleKeyInfo Key(char letter) => new(letter, ConsoleKey.None, false, false, false);

    private static ConsoleKeyInfo Control(ConsoleKey key) => new('\0', key, false, false, true);

    private static IEnumerable<ConsoleKeyInfo> Type(string text) => text.Select(Key);

    private static LineEditor Editor(IEnumerable<ConsoleKeyInfo> keys, bool isPaste = false) =>
        new(new TestTerminal().Terminal, new Keys(keys, isPaste));

    [Fact]
    public void Enter_ends_the_line() =>
        Assert.Equal((LineEnd.Entered, "hi"), Editor([.. Type("hi"), _enter]).Read("> "));

    [Fact]
    public void Alt_Enter_begins_another_line() =>
        Assert.Equal((LineEnd.Entered, "a\nb"), Editor([Key('a'), _altEnter, Key('b'), _enter]).Read("> "));

    [Fact]
    public void A_backslash_before_Enter_begins_another_line() =>
        Assert.Equal((LineEnd.Entered, "a\nb"), Editor([.. Type("a\\"), _enter, Key('b'), _enter]).Read("> "));

    [Fact]
    public void Pasted_newlines_belong_to_the_message() =>
        Assert.Equal((LineEnd.Entered, "a\nb"), Editor([Key('a'), _enter, Key('b'), _enter], isPaste: true).Read("> "));

    [Fact]
    public void Ctrl_C_interrupts_and_Ctrl_D_on_an_empty_line_closes()
    {
        Assert.Equal((LineEnd.Interrupted, "ab"), Editor([.. Type("ab"), Control(ConsoleKey.C)]).Read("> "));
        Assert.Equal((LineEnd.Closed, ""), Editor([Control(ConsoleKey.D)]).Read("> "));
    }

    [Fact]
    public void The_up_key_shows_the_line_before()
    {
        var editor = Editor([.. Type("one"), _enter, _up, Key('!'), _enter]);

        editor.Read("> ");

        Assert.Equal((LineEnd.Entered, "one!"), editor.Read("> "));
    }

    [Fact]
    public void A_terminal_that_goes_away_closes_the_chat() =>
        Assert.Equal((LineEnd.Closed, ""), Editor(Type("ab")).Read("> "));
}
