using System.Text;

namespace Minka.Models.Tokenization.Decoding;

/// <summary>Turns tokens into text.</summary>
internal interface IDetokenizer
{
    /// <summary>Begins a text.</summary>
    /// <param name="into">Receives the text as soon as it is certain.</param>
    /// <param name="continues">It goes on from another text, so what belongs to a beginning is left out.</param>
    ITokenSink Begin(StringBuilder into, bool continues);
}

/// <summary>Takes the tokens of one text.</summary>
internal interface ITokenSink
{
    /// <summary>Takes the next token; an id without a token is nothing.</summary>
    void Push(int id);

    /// <summary>Ends the text: what was held back is written.</summary>
    void Finish();
}
