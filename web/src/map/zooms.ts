/** First zoom at which names of communes are written. Apart from the layers, which the page loads later. */
export const NAMES_ZOOM = 8.5;
