using Minka.Cli.Screen;

namespace Minka.Cli.Tests.Screen;

public sealed class LineBufferTests
{
    private static LineBuffer With(string text, params string[] history)
    {
        var buffer = new LineBuffer(history);
        buffer.Insert(text);
        return buffer;
    }

    [Fact]
    public void Text_goes_in_at_the_cursor()
    {
        var buffer = With("held");

        buffer.MoveLeft();
        buffer.MoveLeft();
        buffer.Insert("llo wor");

        Assert.Equal("hello world", buffer.Text);
    }

    [Fact]
    public void An_emoji_of_many_code_points_moves_and_goes_as_one()
    {
        var buffer = With("a👩‍👩‍👧b");

        buffer.MoveLeft();
        buffer.DeleteBefore();

        Assert.Equal("ab", buffer.Text);
        Assert.Equal(1, buffer.Cursor);
    }

    [Fact]
    public void A_word_is_deleted_with_what_follows_it()
    {
        var buffer = With("one two, ");

        buffer.DeleteWordBefore();

        Assert.Equal("one ", buffer.Text);
    }

    [Fact]
    public void Start_and_end_are_those_of_the_line_the_cursor_is_in()
    {
        var buffer = With("first\nsecond");

        buffer.MoveToStart();
        buffer.Insert(">");
        buffer.DeleteToEnd();

        Assert.Equal("first\n>", buffer.Text);
    }

    [Fact]
    public void Nothing_happens_at_the_edges()
    {
        var buffer = With("");

        buffer.MoveLeft();
        buffer.DeleteBefore();
        buffer.DeleteAfter();
        buffer.MoveRight();
        buffer.ShowOlder();

        Assert.Equal(("", 0), (buffer.Text, buffer.Cursor));
    }

    [Fact]
    public void The_draft_comes_back_after_looking_at_history()
    {
        var buffer = With("draft", "old", "new");

        buffer.ShowOlder();
        Assert.Equal("new", buffer.Text);
        buffer.ShowOlder();
        buffer.ShowOlder();
        Assert.Equal("old", buffer.Text);
        buffer.ShowNewer();
        buffer.ShowNewer();

        Assert.Equal("draft", buffer.Text);
    }
}
